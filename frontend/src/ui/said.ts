import { notifications } from "@mantine/notifications";

/** A word in the corner that something was done. */
export function said(message: string): void {
  notifications.show({
    message,
    color: "teal",
    autoClose: 4000,
    closeButtonProps: { "aria-label": "Close" },
  });
}
