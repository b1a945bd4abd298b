import { ActionIcon, Badge, Code, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconCoins, IconRefresh, IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Key } from "../api/types";
import { Spent } from "../caps/spent";
import { date, dateTime, isPast } from "../ui/format";
import type { Column } from "../ui/rows";
import { Time } from "../ui/time";

export type Act = "cap" | "rotate" | "revoke";

const ACTS = [
  { act: "cap", label: "Spend cap of", icon: IconCoins },
  { act: "rotate", label: "Rotate", icon: IconRefresh },
  { act: "revoke", label: "Revoke", icon: IconTrash },
] as const;

/** The columns of the keys' table; `onAct` is told what shall be done to which. */
export function keyColumns(onAct: (act: Act, key: Key) => void): Column<Key>[] {
  return [
    {
      name: "Name",
      show: (key) => (
        <Two
          first={
            <Text size="sm" fw={500} td={key.revoked_at ? "line-through" : undefined}>
              {key.name}
            </Text>
          }
          second={key.service_account ?? key.created_by ?? ""}
        />
      ),
    },
    {
      name: "Key",
      show: ({ prefix, created_at, last_used_at }) => (
        <Two
          first={<Code title={`Made ${dateTime(created_at)}`}>{prefix}…</Code>}
          second={<Used at={last_used_at} />}
        />
      ),
    },
    { name: "State", show: (key) => <Standing of={key} /> },
    {
      name: "May",
      show: ({ scopes, models }) => (
        <Two
          first={<Few words={scopes} />}
          second={models === null ? "all models" : <Few words={models} />}
        />
      ),
    },
    { name: "Spend cap", show: ({ spend_cap }) => spend_cap && <Spent cap={spend_cap} /> },
    {
      name: "Change",
      hidden: true,
      number: true,
      show: (key) => key.revoked_at === null && <Acts of={key} onAct={onAct} />,
    },
  ];
}

function Two({ first, second }: { first: ReactNode; second: ReactNode }) {
  return (
    <Stack gap={2}>
      {first}
      <Text size="xs" c="dimmed" component="div">
        {second}
      </Text>
    </Stack>
  );
}

function Used({ at }: { at: string | null }) {
  if (at === null) return "not used yet";
  return (
    <>
      used <Time at={at} />
    </>
  );
}

function Few({ words }: { words: string[] }) {
  return (
    <Text inherit maw={180} className="clip" title={words.join(", ")}>
      {words.join(", ")}
    </Text>
  );
}
function Acts({ of: key, onAct }: { of: Key; onAct: (act: Act, key: Key) => void }) {
  return (
    <Group gap={2} wrap="nowrap" justify="flex-end">
      {ACTS.map(({ act, label, icon: Icon }) => (
        <Tooltip key={act} label={`${label} ${key.name}`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`${label} ${key.name}`}
            onClick={() => onAct(act, key)}
          >
            <Icon size={16} />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}

function Standing({ of: key }: { of: Key }) {
  const [colour, word] = standing(key);
  return (
    <Badge variant="dot" color={colour}>
      {word}
    </Badge>
  );
}

function standing({ revoked_at, expires_at }: Key): [string, string] {
  if (revoked_at !== null) return ["gray", "revoked"];
  if (expires_at === null) return ["teal", "active"];
  return isPast(expires_at) ? ["red", "expired"] : ["teal", `until ${date(expires_at)}`];
}
