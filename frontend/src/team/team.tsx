import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useMay } from "../api/session";
import { Page } from "../ui/page";
import { Audit } from "./audit";
import { Invitations } from "./invitations";
import { Invite } from "./invite";
import { Members } from "./members";
import { Services } from "./services";

export default function Team() {
  const may = useMay("team:write");
  const mayAudit = useMay("audit");
  const [opened, dialog] = useDisclosure();
  return (
    <Page
      title="Team"
      about="Who may do what in this account. A role takes effect at once."
      actions={
        may && (
          <Button leftSection={<IconUserPlus size={16} />} onClick={dialog.open}>
            Invite
          </Button>
        )
      }
    >
      <Members may={may} />
      <Invitations may={may} />
      <Services may={may} />
      {mayAudit && <Audit />}
      <Invite opened={opened} onClose={dialog.close} />
    </Page>
  );
}
