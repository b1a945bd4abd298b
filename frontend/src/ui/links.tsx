import { Anchor, Button, type AnchorProps, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ReactNode, Ref } from "react";

type Rest = { ref?: Ref<HTMLAnchorElement>; children?: ReactNode; title?: string };

/** Mantine's looks with the router's typed addresses. */
export const TextLink = createLink((props: Omit<AnchorProps, "href"> & Rest) => (
  <Anchor {...props} />
));
export const ButtonLink = createLink((props: Omit<ButtonProps, "href"> & Rest) => (
  <Button component="a" {...props} />
));
