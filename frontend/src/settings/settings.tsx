import { useMay } from "../api/session";
import { Passkeys } from "../factors/passkeys";
import { SecondStep } from "../factors/secondStep";
import { Page } from "../ui/page";
import { AccountForm } from "./account";
import { DeleteAccount } from "./deleteAccount";
import { Password } from "./password";
import { Sessions } from "./sessions";

export default function Settings() {
  const owner = useMay("owner");
  return (
    <Page title="Settings" about="The account, and your own way in.">
      <AccountForm />
      <Password />
      <SecondStep />
      <Passkeys />
      <Sessions />
      {owner && <DeleteAccount />}
    </Page>
  );
}
