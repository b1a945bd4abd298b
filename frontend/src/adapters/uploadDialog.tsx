import { Modal } from "@mantine/core";
import { useIsMutating } from "@tanstack/react-query";
import type { Fixed } from "./naming";
import { SENDING } from "./queries";
import { Uploader } from "./uploader";

interface UploadDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  fixed?: Fixed;
}

/** The uploader in a dialog, which stays while files are sent: "Stop" ends that first. */
export function UploadDialog({ opened, onClose, title, fixed }: UploadDialogProps) {
  const busy = useIsMutating({ mutationKey: SENDING }) > 0;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size="lg"
      closeOnEscape={!busy}
      closeOnClickOutside={!busy}
      closeButtonProps={{ "aria-label": "Close", disabled: busy }}
    >
      <Uploader fixed={fixed} />
    </Modal>
  );
}
