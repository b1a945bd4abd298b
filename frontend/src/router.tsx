import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { Problem } from "./api/problem";
import { queries } from "./api/queries";
import { meQuery, sessionQuery } from "./api/session";
import { safe } from "./auth/next";
import { Lost } from "./shell/lost";
import { Starting } from "./shell/starting";
import type { Search as PlaygroundSearch } from "./playground/settings";
import { Stuck } from "./shell/stuck";
import type { UsageSearch } from "./usage/filters";

type Search = Record<string, unknown>;
const text = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined;

const root = createRootRoute({ component: Outlet, notFoundComponent: Lost, errorComponent: Stuck });

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
const guests = [
  createRoute({
    getParentRoute: () => guest,
    path: "/login",
    component: lazyRouteComponent(() => import("./auth/login")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/signup",
    component: lazyRouteComponent(() => import("./auth/signup")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/verify-email",
    component: lazyRouteComponent(() => import("./auth/verify")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/second-factor",
    component: lazyRouteComponent(() => import("./auth/factor")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/reset-password",
    component: lazyRouteComponent(() => import("./auth/reset")),
  }),
  createRoute({
    getParentRoute: () => guest,
    path: "/reset-password/$key",
    component: lazyRouteComponent(() => import("./auth/newPassword")),
  }),
];

async function signedIn(href: string) {
  if ((await queries.ensureQueryData(sessionQuery)) === null)
    throw redirect({ to: "/login", search: { next: href === "/" ? undefined : href } });
}

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitations/$key",
  beforeLoad: ({ location }) => signedIn(location.href),
  component: lazyRouteComponent(() => import("./auth/invitation")),
});
const firstAccount = createRoute({
  getParentRoute: () => root,
  path: "/new-account",
  beforeLoad: ({ location }) => signedIn(location.href),
  component: lazyRouteComponent(() => import("./auth/firstAccount")),
});

/** Everything behind the sign-in: the account and its scopes are known before a page shows. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ location }) => {
    await signedIn(location.href);
    try {
      await queries.ensureQueryData(meQuery);
    } catch (error) {
      if (error instanceof Problem && error.code === "no_account")
        throw redirect({ to: "/new-account" });
      if (error instanceof Problem && error.status === 401) {
        queries.clear();
        throw redirect({ to: "/login", search: { next: location.href } });
      }
      throw error;
    }
  },
  component: lazyRouteComponent(() => import("./shell/shell"), "Shell"),
  errorComponent: Stuck,
});

const overview = createRoute({
  getParentRoute: () => inside,
  path: "/",
  component: lazyRouteComponent(() => import("./overview/overview")),
});
const start = createRoute({
  getParentRoute: () => inside,
  path: "/start",
  component: lazyRouteComponent(() => import("./start/start")),
});
export const playground = createRoute({
  getParentRoute: () => inside,
  path: "/playground",
  validateSearch: (search: Search): PlaygroundSearch => ({
    models: text(search.models),
    prompt: text(search.prompt),
    system: text(search.system),
    temperature: text(search.temperature),
    max: text(search.max),
  }),
  component: lazyRouteComponent(() => import("./playground/playground")),
});
const adapters = createRoute({
  getParentRoute: () => inside,
  path: "/adapters",
  component: lazyRouteComponent(() => import("./adapters/adapters")),
});
const adapter = createRoute({
  getParentRoute: () => inside,
  path: "/adapters/$name",
  component: lazyRouteComponent(() => import("./adapters/adapter")),
});
const models = createRoute({
  getParentRoute: () => inside,
  path: "/models",
  component: lazyRouteComponent(() => import("./models/models")),
});
const keys = createRoute({
  getParentRoute: () => inside,
  path: "/keys",
  component: lazyRouteComponent(() => import("./keys/keys")),
});
export const usage = createRoute({
  getParentRoute: () => inside,
  path: "/usage",
  validateSearch: (search: Search): UsageSearch => ({
    range: text(search.range),
    by: text(search.by),
    show: text(search.show),
    model: text(search.model),
    key: text(search.key),
    status: text(search.status),
  }),
  component: lazyRouteComponent(() => import("./usage/usage")),
});
const request = createRoute({
  getParentRoute: () => inside,
  path: "/requests/$id",
  component: lazyRouteComponent(() => import("./usage/request")),
});
const billing = createRoute({
  getParentRoute: () => inside,
  path: "/billing",
  validateSearch: (search: Search): { payment?: string } => ({ payment: text(search.payment) }),
  component: lazyRouteComponent(() => import("./billing/billing")),
});
const team = createRoute({
  getParentRoute: () => inside,
  path: "/team",
  component: lazyRouteComponent(() => import("./team/team")),
});
const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  component: lazyRouteComponent(() => import("./settings/settings")),
});

const status = createRoute({
  getParentRoute: () => inside,
  path: "/status",
  component: lazyRouteComponent(() => import("./status/status")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    guest.addChildren(guests),
    invitation,
    firstAccount,
    inside.addChildren([
      overview,
      start,
      playground,
      adapters,
      adapter,
      models,
      keys,
      usage,
      request,
      billing,
      team,
      settings,
      status,
    ]),
  ]),
  defaultPreload: "intent",
  defaultPendingComponent: Starting,
  defaultPendingMs: 150,
  defaultErrorComponent: Stuck,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
