import { AppShell, Burger, Group, NavLink, ScrollArea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useMe } from "../api/session";
import { AccountMenu } from "./accountMenu";
import { Mark } from "./mark";
import { NAV } from "./nav";
import { PersonMenu } from "./personMenu";
import classes from "./shell.module.css";

/** What surrounds every page behind the sign-in. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const { scopes } = useMe();
  const path = useLocation().pathname;
  const allowed = NAV.filter(({ scope }) => scope === null || scopes.includes(scope));
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "md", sm: "xl" }}
      classNames={{ header: classes.bar, navbar: classes.bar, main: classes.main }}
    >
      <a href="#main" className="skip">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? "Close the menu" : "Open the menu"}
              aria-expanded={opened}
            />
            <Link to="/" aria-label="Motet, overview" className={classes.mark}>
              <Mark />
            </Link>
            <AccountMenu />
          </Group>
          <PersonMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <ScrollArea>
          {allowed.map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
              active={to === "/" ? path === "/" : path.startsWith(to)}
              aria-current={(to === "/" ? path === "/" : path.startsWith(to)) ? "page" : undefined}
              onClick={close}
              className={classes.link}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <div className={classes.page}>
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  );
}
