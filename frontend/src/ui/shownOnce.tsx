import { Modal, type ModalProps } from "@mantine/core";

interface ShownOnceProps extends Pick<ModalProps, "title" | "size" | "children"> {
  onClose: () => void;
}

/** A dialog around what is never shown again: only a button within it closes it. */
export function ShownOnce({ onClose, ...props }: ShownOnceProps) {
  return <Modal opened onClose={onClose} {...HELD} {...props} />;
}

/** For a dialog that must not be left by accident. */
export const HELD = {
  withCloseButton: false,
  closeOnEscape: false,
  closeOnClickOutside: false,
} as const;
