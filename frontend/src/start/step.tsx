import { Badge, Group } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Panel } from "../ui/panel";

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  children: ReactNode;
}

/** One of the steps to the first call, with a tick when it is done. */
export function Step({ number, title, done, children }: StepProps) {
  return (
    <Panel
      title={`${number}. ${title}`}
      actions={
        done && (
          <Badge color="teal" variant="light" leftSection={<IconCheck size={12} aria-hidden />}>
            done
          </Badge>
        )
      }
    >
      <Group gap="md" align="flex-start" style={{ flexDirection: "column" }}>
        {children}
      </Group>
    </Panel>
  );
}
