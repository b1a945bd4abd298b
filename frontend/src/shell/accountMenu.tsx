import { Badge, Button, Menu, Text } from "@mantine/core";
import { IconCheck, IconPlus, IconSelector } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMe } from "../api/session";
import { chooseAccount } from "../api/token";

/** Which account the pages act for, and the way to another. */
export function AccountMenu() {
  const { account, accounts } = useMe();
  const change = (slug: string) => {
    chooseAccount(slug);
    location.assign("/"); // a page of its own: no figure of the other account stays in sight
  };
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          rightSection={<IconSelector size={16} aria-hidden />}
          aria-label={`Account ${account.name}: change`}
          styles={{ label: { maxWidth: "11rem" } }}
        >
          <Text inherit className="clip" c="var(--mantine-color-text)">
            {account.name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Accounts</Menu.Label>
        {accounts.map((each) => (
          <Menu.Item
            key={each.slug}
            onClick={() => change(each.slug)}
            leftSection={
              <IconCheck size={16} opacity={each.slug === account.slug ? 1 : 0} aria-hidden />
            }
            rightSection={
              <Badge size="sm" variant="default">
                {each.role}
              </Badge>
            }
          >
            {each.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component={Link} to="/new-account" leftSection={<IconPlus size={16} />}>
          New account
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
