import { Badge, Button, Text } from "@mantine/core";
import { IconDevices } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { endSessions, sessions, type BrowserSession } from "../auth/allauth";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";

export function Sessions() {
  const list = useQuery({ queryKey: ["sessions"], queryFn: sessions });
  const end = useMutation({
    mutationFn: (id: number) => endSessions([id]),
    onSuccess: () => list.refetch(),
  });
  const columns: Column<BrowserSession>[] = [
    {
      name: "Browser",
      show: ({ user_agent, is_current }) => (
        <Text size="sm" maw={360} className="clip" title={user_agent}>
          {is_current && (
            <Badge size="sm" variant="light" mr="xs">
              this one
            </Badge>
          )}
          {user_agent}
        </Text>
      ),
    },
    { name: "Address", show: ({ ip }) => ip },
    {
      name: "Last seen",
      number: true,
      show: (session) => (
        <Time at={new Date(1000 * (session.last_seen_at ?? session.created_at)).toISOString()} />
      ),
    },
    {
      name: "End",
      hidden: true,
      number: true,
      show: ({ id, ip, is_current }) =>
        !is_current && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => end.mutate(id)}
            aria-label={`End the session from ${ip}`}
          >
            End
          </Button>
        ),
    },
  ];
  return (
    <Panel title="Sessions" flush>
      {end.error && <Failure error={end.error} />}
      <Rows
        label="Sessions"
        columns={columns}
        rows={list.data}
        id={({ id }) => id}
        error={list.error}
        retry={() => void list.refetch()}
        empty={<Empty icon={IconDevices} title="No session" />}
      />
    </Panel>
  );
}
