import { createRootRoute, Outlet } from "@tanstack/react-router";
import { Lost } from "../shell/lost";
import { Stuck } from "../shell/stuck";

export type Search = Record<string, unknown>;
export const text = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined;

export const root = createRootRoute({
  component: Outlet,
  notFoundComponent: Lost,
  errorComponent: Stuck,
});
