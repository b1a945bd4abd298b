import { ActionIcon, Select, Text } from "@mantine/core";
import { IconTrash, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Member, Role } from "../api/types";
import { Confirm } from "../ui/confirm";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { changeRole, membersQuery, removeMember, ROLES, useTeamChange } from "./queries";

export function Members({ may }: { may: boolean }) {
  const members = useQuery(membersQuery);
  const [leaving, setLeaving] = useState<Member | null>(null);
  const change = useTeamChange(changeRole);
  const remove = useTeamChange(removeMember, () => setLeaving(null));
  const columns: Column<Member>[] = [
    {
      name: "Person",
      show: ({ email, name }) => (
        <Text size="sm" fw={500}>
          {name || email}
        </Text>
      ),
    },
    {
      name: "Role",
      show: ({ id, email, role }) =>
        may ? (
          <Select
            aria-label={`Role of ${email}`}
            size="xs"
            w={130}
            data={Object.keys(ROLES)}
            value={role}
            allowDeselect={false}
            onChange={(value) => change.mutate({ id, role: value as Role })}
          />
        ) : (
          role
        ),
    },
    { name: "Since", number: true, show: ({ created_at }) => <Time at={created_at} /> },
    ...(may
      ? [
          {
            name: "Remove",
            hidden: true,
            number: true,
            show: (member: Member) => (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove ${member.email}`}
                onClick={() => setLeaving(member)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel title="Members" flush>
      {change.error && (
        <div style={{ padding: "1rem" }}>
          <Failure error={change.error} />
        </div>
      )}
      <Rows
        label="Members"
        columns={columns}
        rows={members.data?.data}
        id={({ id }) => id}
        error={members.error}
        retry={() => void members.refetch()}
        empty={<Empty icon={IconUsers} title="Nobody" />}
      />
      <Confirm
        opened={leaving !== null}
        title={`Remove ${leaving?.email ?? ""}?`}
        action="Remove"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => leaving && remove.mutate(leaving.id)}
        onClose={() => {
          remove.reset();
          setLeaving(null);
        }}
      >
        The keys that this person made are revoked.
      </Confirm>
    </Panel>
  );
}
