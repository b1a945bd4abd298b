import { Alert, Code, Text } from "@mantine/core";
import { IconShieldX } from "@tabler/icons-react";
import type { Version } from "../api/types";

/** Why a version was not taken, and how to mend it. */
export function Refusal({ version }: { version: Version }) {
  if (version.error === null) return null;
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      icon={<IconShieldX size={18} aria-hidden />}
      title={`Version ${version.version} was not taken`}
    >
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {version.error.message}
      </Text>
      <Text size="xs" mt={4}>
        <Code>{version.error.code}</Code> Nothing else changed: earlier versions serve on.
      </Text>
    </Alert>
  );
}
