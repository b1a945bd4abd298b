import { Frame } from "../auth/frame";
import { ButtonLink } from "../ui/links";

export function Lost() {
  return (
    <Frame title="Nothing is here" about="This address leads to no page of the dashboard.">
      <ButtonLink to="/">To the overview</ButtonLink>
    </Frame>
  );
}
