import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { queries } from "../api/queries";
import { sessionQuery } from "../api/session";
import { safe } from "../auth/next";
import { root, text, type Search } from "./root";

/** Pages for whoever is not signed in; `next` is where they were going. */
const guest = createRoute({
  getParentRoute: () => root,
  id: "guest",
  validateSearch: (search: Search): { next?: string } => ({ next: text(search.next) }),
  // Asking who is signed in also brings the CSRF cookie that every form below needs.
  beforeLoad: async ({ location, search }) => {
    const session = await queries.ensureQueryData(sessionQuery);
    if (session !== null && ["/login", "/signup"].includes(location.pathname))
      throw redirect({ href: safe(search.next), replace: true });
  },
});
const pages = [
  createRoute({
    getParentRoute: () => guest,
    path: "/login",
    component: lazyRouteComponent(() => import("../auth/login")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/signup",
    component: lazyRouteComponent(() => import("../auth/signup")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/verify-email",
    component: lazyRouteComponent(() => import("../auth/verify")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/second-factor",
    component: lazyRouteComponent(() => import("../auth/factor")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/reset-password",
    component: lazyRouteComponent(() => import("../auth/reset")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/reset-password/$key",
    component: lazyRouteComponent(() => import("../auth/newPassword")),
  }),
];

export const guests = guest.addChildren(pages);
