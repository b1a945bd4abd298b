import { Badge, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconSearch, IconUsers } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { count } from "../ui/format";
import { More } from "../ui/more";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { Resume, Suspend } from "./acts";
import { Grant } from "./grant";
import { accountsQuery, type StaffAccount } from "./queries";

const DIALOGS = { grant: Grant, suspend: Suspend, resume: Resume };
type Act = keyof typeof DIALOGS;

/** All accounts, and what staff may do to one. */
export function Accounts() {
  const { search } = useSearch({ from: "/inside/operator" });
  const navigate = useNavigate({ from: "/operator" });
  const accounts = useInfiniteQuery(accountsQuery(search));
  const [chosen, setChosen] = useState<{ act: Act; account: StaffAccount } | null>(null);
  const Dialog = chosen && DIALOGS[chosen.act];
  return (
    <Panel
      title="Accounts"
      flush
      actions={
        <Search
          given={search}
          onSearch={(text) =>
            void navigate({ search: { search: text || undefined }, replace: true })
          }
        />
      }
    >
      <Rows
        label="Accounts"
        columns={columns((act, account) => setChosen({ act, account }))}
        rows={accounts.data}
        id={({ id }) => id}
        error={accounts.error}
        retry={() => void accounts.refetch()}
        empty={<Empty icon={IconUsers} title="No such account" />}
      />
      <More of={accounts} />
      {Dialog && <Dialog slug={chosen.account.slug} onClose={() => setChosen(null)} />}
    </Panel>
  );
}

function Search({ given, onSearch }: { given?: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(given ?? "");
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <TextInput
        aria-label="Find an account"
        placeholder="Slug, name or e-mail, then Enter"
        leftSection={<IconSearch size={14} aria-hidden />}
        size="xs"
        w={240}
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}

function columns(onAct: (act: Act, account: StaffAccount) => void): Column<StaffAccount>[] {
  return [
    {
      name: "Account",
      show: ({ slug, owners }) => (
        <Stack gap={0}>
          <Text size="sm" fw={500}>
            {slug}
          </Text>
          <Text size="xs" c="dimmed">
            {owners.join(", ")}
          </Text>
        </Stack>
      ),
    },
    { name: "State", show: (account) => <Standing of={account} /> },
    { name: "Credit", number: true, show: ({ available }) => <Amount of={available} /> },
    {
      name: "In 30 days",
      number: true,
      show: ({ spent_30d, requests_30d }) => (
        <Stack gap={0}>
          <Amount of={spent_30d} />
          <Text size="xs" c="dimmed">
            {count(requests_30d)} requests
          </Text>
        </Stack>
      ),
    },
    { name: "Opened", number: true, show: ({ created_at }) => <Time at={created_at} /> },
    {
      name: "Change",
      hidden: true,
      number: true,
      show: (account) => account.deleted_at === null && <Acts of={account} onAct={onAct} />,
    },
  ];
}

function Standing({ of: { suspended_at, deleted_at } }: { of: StaffAccount }) {
  const [colour, word] =
    deleted_at !== null
      ? ["gray", "deleted"]
      : suspended_at !== null
        ? ["red", "suspended"]
        : ["teal", "active"];
  return (
    <Badge variant="dot" color={colour}>
      {word}
    </Badge>
  );
}

interface ActsProps {
  of: StaffAccount;
  onAct: (act: Act, account: StaffAccount) => void;
}

function Acts({ of: account, onAct }: ActsProps) {
  const turn: [Act, string] =
    account.suspended_at === null ? ["suspend", "Suspend"] : ["resume", "Resume"];
  const acts: [Act, string][] = [["grant", "Grant"], turn];
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      {acts.map(([act, word]) => (
        <Button
          key={act}
          size="compact-xs"
          variant="default"
          aria-label={`${word} ${account.slug}`}
          onClick={() => onAct(act, account)}
        >
          {word}
        </Button>
      ))}
    </Group>
  );
}
