import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./global.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { nonce } from "./nonce";
import { fetchPage } from "./router";

fetchPage(location.pathname);
setNonce(nonce()); // for the style element that locks the page's scroll behind a dialog
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
