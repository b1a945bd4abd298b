import {
  IconActivity,
  IconChartBar,
  IconCoins,
  IconCube,
  IconHome,
  IconKey,
  IconMessages,
  IconServerCog,
  IconSettings,
  IconStack2,
  IconUsers,
} from "@tabler/icons-react";

/** The pages in the side bar. `scope`: without it, the page has nothing to show. */
export const NAV = [
  { to: "/", label: "Overview", icon: IconHome, scope: "usage" },
  { to: "/playground", label: "Playground", icon: IconMessages, scope: "inference" },
  { to: "/adapters", label: "Adapters", icon: IconStack2, scope: "adapters:read" },
  { to: "/models", label: "Models", icon: IconCube, scope: null },
  { to: "/keys", label: "API keys", icon: IconKey, scope: "keys" },
  { to: "/usage", label: "Usage", icon: IconChartBar, scope: "usage" },
  { to: "/billing", label: "Billing", icon: IconCoins, scope: "billing" },
  { to: "/team", label: "Team", icon: IconUsers, scope: "team:read" },
  { to: "/status", label: "Status", icon: IconActivity, scope: "adapters:read" },
  { to: "/settings", label: "Settings", icon: IconSettings, scope: null },
  { to: "/operator", label: "Operator", icon: IconServerCog, scope: "operator" },
] as const;
