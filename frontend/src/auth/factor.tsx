import { secondFactor } from "./allauth";
import { CodeForm } from "./code";
import { Frame } from "./frame";

export default function SecondFactor() {
  return (
    <Frame
      title="Second factor"
      about="Type the code that your authenticator shows, or a recovery code."
    >
      <CodeForm label="Code" run={secondFactor} />
    </Frame>
  );
}
