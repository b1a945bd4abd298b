import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Key } from "../api/types";
import { Empty } from "../ui/empty";
import { More } from "../ui/more";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows } from "../ui/rows";
import { HELD } from "../ui/shownOnce";
import { KeyCap, Revoke, Rotate } from "./acts";
import { keyColumns, type Act } from "./columns";
import { NewKey } from "./newKey";
import { keyPagesQuery, useCreateKey } from "./queries";
import { Secret } from "./secret";

const DIALOGS = { cap: KeyCap, rotate: Rotate, revoke: Revoke };

export default function Keys() {
  const keys = useInfiniteQuery(keyPagesQuery);
  const create = useCreateKey();
  const [opened, dialog] = useDisclosure();
  const [chosen, setChosen] = useState<{ act: Act; key: Key; by: Element | null } | null>(null);
  const Dialog = chosen && DIALOGS[chosen.act];
  const choose = (act: Act, key: Key) => setChosen({ act, key, by: document.activeElement });
  const leave = () => {
    setChosen(null);
    if (chosen?.by instanceof HTMLElement) chosen.by.focus();
  };
  const close = () => {
    dialog.close();
    create.reset();
  };
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
      New key
    </Button>
  );
  return (
    <Page
      title="API keys"
      about="For programs. People sign in; a key of its own for each program can be revoked alone."
      actions={add}
    >
      <Panel flush>
        <Rows
          label="API keys"
          columns={keyColumns(choose)}
          rows={keys.data}
          id={({ id }) => id}
          error={keys.error}
          retry={() => void keys.refetch()}
          empty={
            <Empty icon={IconKey} title="No key yet" action={add}>
              A key lets a program call the models of this account.
            </Empty>
          }
        />
        <More of={keys} />
      </Panel>
      <Modal
        opened={opened}
        onClose={close}
        title={create.data ? "The new key" : "New key"}
        size="lg"
        closeButtonProps={{ "aria-label": "Close" }}
        {...(create.isPending || create.data ? HELD : {})}
      >
        {create.data ? (
          <Secret secret={create.data.key} onDone={close} />
        ) : (
          <NewKey create={create} />
        )}
      </Modal>
      {Dialog && <Dialog of={chosen.key} onClose={leave} />}
    </Page>
  );
}
