import { Frame } from "../auth/frame";
import { Failure } from "../ui/failure";

/** A page that cannot be shown, with the reason and a way on. */
export function Stuck({ error }: { error: unknown }) {
  return (
    <Frame title="This page cannot be shown">
      <Failure error={error} retry={() => location.reload()} />
    </Frame>
  );
}
