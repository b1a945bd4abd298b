import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { OUT } from "./scripts/out.mjs";

// `npm run dev` proxies to a platform that runs at MOTET_DEV_URL (make up).
const platform = process.env.MOTET_DEV_URL ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/dashboard/" : "/",
  plugins: [react()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    manifest: true,
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/auth", "/_allauth", "/docs"].map((path) => [path, platform]),
    ),
  },
  test: { restoreMocks: true, unstubGlobals: true },
}));
