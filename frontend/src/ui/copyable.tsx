import { ActionIcon, Code, Group, Tooltip } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { copied } from "./clipboard";

export function Copy({ value, label }: { value: string; label: string }) {
  const [done, setDone] = useState(false);
  const { start } = useTimeout(() => setDone(false), 1600);
  const copy = async () => {
    if (!(await copied(value))) return;
    setDone(true);
    start();
  };
  const words = done ? "Copied" : label;
  return (
    <Tooltip label={words}>
      <ActionIcon
        variant="subtle"
        color={done ? "teal" : "gray"}
        onClick={() => void copy()}
        aria-label={words}
      >
        {done ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** Text that somebody will want elsewhere. `short` cuts what is shown, not what is copied. */
export function Copyable({
  value,
  label,
  short,
}: {
  value: string;
  label: string;
  short?: number;
}) {
  return (
    <Group gap={2} wrap="nowrap" style={{ minWidth: 0 }}>
      <Code className="clip" title={value}>
        {short === undefined || value.length <= short ? value : `${value.slice(0, short)}…`}
      </Code>
      <Copy value={value} label={label} />
    </Group>
  );
}
