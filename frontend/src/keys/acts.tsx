import { Modal } from "@mantine/core";
import type { Key } from "../api/types";
import { CapForm } from "../caps/capForm";
import { Confirm } from "../ui/confirm";
import { ShownOnce } from "../ui/shownOnce";
import { useKeyCap, useRevokeKey, useRotateKey } from "./queries";
import { Secret } from "./secret";

interface ActProps {
  of: Key;
  onClose: () => void;
}

export function Revoke({ of: key, onClose }: ActProps) {
  const revoke = useRevokeKey(onClose);
  return (
    <Confirm
      opened
      title={`Revoke ${key.name}?`}
      action="Revoke"
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate(key.id)}
      onClose={onClose}
    >
      Whatever uses it is refused from the next request on. This cannot be taken back.
    </Confirm>
  );
}

/** Asks first; then shows the new secret, this once. */
export function Rotate({ of: key, onClose }: ActProps) {
  const rotate = useRotateKey();
  if (rotate.data)
    return (
      <ShownOnce onClose={onClose} title={`The new secret of ${key.name}`} size="lg">
        <Secret secret={rotate.data.key} onDone={onClose} />
      </ShownOnce>
    );
  return (
    <Confirm
      opened
      title={`Rotate ${key.name}?`}
      action="Rotate"
      busy={rotate.isPending}
      error={rotate.error}
      onConfirm={() => rotate.mutate(key.id)}
      onClose={onClose}
    >
      It gets a new secret, and the old one is refused from the next request on. Scopes, limits,
      spend cap and usage stay. To change over without a gap, make a second key instead, and revoke
      this one when nothing uses it any more.
    </Confirm>
  );
}

export function KeyCap({ of: key, onClose }: ActProps) {
  const change = useKeyCap(key.id, onClose);
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Spend cap of ${key.name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <CapForm cap={key.spend_cap} change={change} />
    </Modal>
  );
}
