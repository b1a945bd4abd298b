import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Failure } from "../ui/failure";
import { said } from "../ui/said";
import { resendCode, verifyEmail } from "./allauth";
import { CodeForm } from "./code";
import { Frame } from "./frame";

export default function Verify() {
  const resend = useMutation({
    mutationFn: resendCode,
    onSuccess: () => said("A new code is on its way."),
  });
  return (
    <Frame
      title="Check your mail"
      about="We have sent a code to your address. Type it in to open the account."
    >
      <CodeForm label="Code from the mail" run={verifyEmail}>
        {resend.error && <Failure error={resend.error} />}
        <Button variant="subtle" loading={resend.isPending} onClick={() => resend.mutate()}>
          Send another code
        </Button>
      </CodeForm>
    </Frame>
  );
}
