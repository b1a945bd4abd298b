import { ActionIcon, Code, CopyButton, Group, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

export function Copy({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value} timeout={1600}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon
            variant="subtle"
            color={copied ? "teal" : "gray"}
            onClick={copy}
            aria-label={copied ? "Copied" : label}
          >
            {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
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
