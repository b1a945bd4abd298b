import {
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
  rootRouteId,
} from "@tanstack/react-router";
import { Problem } from "./api/problem";
import { queries } from "./api/queries";
import { meQuery, sessionQuery } from "./api/session";
import { guests } from "./routes/guest";
import { root, text, type Search } from "./routes/root";
import { Starting } from "./shell/starting";
import type { Search as PlaygroundSearch } from "./playground/settings";
import { Stuck } from "./shell/stuck";
import type { UsageSearch } from "./usage/search";

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
    top_p: text(search.top_p),
    max: text(search.max),
    seed: text(search.seed),
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
const model = createRoute({
  getParentRoute: () => inside,
  path: "/models/$id",
  component: lazyRouteComponent(() => import("./models/model")),
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
    adapter: text(search.adapter),
    version: text(search.version),
    key: text(search.key),
    member: text(search.member),
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

const operator = createRoute({
  getParentRoute: () => inside,
  path: "/operator",
  validateSearch: (search: Search): { search?: string } => ({ search: text(search.search) }),
  // To whoever is no staff it is not there; the API behind it refuses them as well.
  beforeLoad: async () => {
    const { scopes } = await queries.ensureQueryData(meQuery);
    if (!scopes.includes("operator")) throw notFound({ routeId: rootRouteId });
  },
  component: lazyRouteComponent(() => import("./operator/operator")),
});
const status = createRoute({
  getParentRoute: () => inside,
  path: "/status",
  component: lazyRouteComponent(() => import("./status/status")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    guests,
    invitation,
    firstAccount,
    inside.addChildren([
      overview,
      start,
      playground,
      adapters,
      adapter,
      models,
      model,
      keys,
      usage,
      request,
      billing,
      team,
      settings,
      status,
      operator,
    ]),
  ]),
  defaultPreload: "intent",
  defaultPendingComponent: Starting,
  defaultPendingMs: 150,
  defaultErrorComponent: Stuck,
  scrollRestoration: true,
});

/** Fetches a page's script while it is still being asked who is signed in: a round trip less. */
export function fetchPage(path: string): void {
  const [routes] = router.getMatchedRoutes(path);
  for (const route of routes) void router.loadRouteChunk(route)?.catch(() => undefined); // the navigation tells
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
