import { Confirm } from "../ui/confirm";
import { useResume, useSuspend } from "./queries";

export interface ActProps {
  slug: string;
  onClose: () => void;
}

export function Suspend({ slug, onClose }: ActProps) {
  const suspend = useSuspend(slug, onClose);
  return (
    <Confirm
      opened
      title={`Suspend ${slug}?`}
      action="Suspend"
      busy={suspend.isPending}
      error={suspend.error}
      onConfirm={() => suspend.mutate(undefined)}
      onClose={onClose}
    >
      All its keys and members are refused from the next request on, until it is resumed.
    </Confirm>
  );
}

export function Resume({ slug, onClose }: ActProps) {
  const resume = useResume(slug, onClose);
  return (
    <Confirm
      opened
      title={`Resume ${slug}?`}
      action="Resume"
      busy={resume.isPending}
      error={resume.error}
      onConfirm={() => resume.mutate(undefined)}
      onClose={onClose}
    >
      Its keys and members work again at once.
    </Confirm>
  );
}
