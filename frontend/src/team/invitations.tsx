import { ActionIcon } from "@mantine/core";
import { IconMail, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { components } from "../api/schema";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { date } from "../ui/format";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { invitationsQuery, revokeInvitation, useTeamChange } from "./queries";

type Invitation = components["schemas"]["InvitationOut"];

export function Invitations({ may }: { may: boolean }) {
  const open = useQuery(invitationsQuery);
  const revoke = useTeamChange(revokeInvitation);
  const columns: Column<Invitation>[] = [
    { name: "E-mail", show: ({ email }) => email },
    { name: "Role", show: ({ role }) => role },
    { name: "Invited by", show: ({ invited_by }) => invited_by ?? "" },
    { name: "Good until", number: true, show: ({ expires_at }) => date(expires_at) },
    ...(may
      ? [
          {
            name: "Revoke",
            hidden: true,
            number: true,
            show: ({ id, email }: Invitation) => (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Revoke the invitation of ${email}`}
                onClick={() => revoke.mutate(id)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel title="Invitations" flush>
      {revoke.error && <Failure error={revoke.error} />}
      <Rows
        label="Invitations"
        columns={columns}
        rows={open.data?.data}
        id={({ id }) => id}
        error={open.error}
        retry={() => void open.refetch()}
        empty={
          <Empty icon={IconMail} title="No open invitation">
            Somebody who is invited joins by the link in the mail.
          </Empty>
        }
      />
    </Panel>
  );
}
