import { Button, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { api, body } from "../api/client";
import { useForgetAll } from "../api/session";
import { chooseAccount } from "../api/token";
import { Failure } from "../ui/failure";
import { Away } from "./away";
import { Frame } from "./frame";

export default function Invitation() {
  const { key = "" } = useParams({ strict: false });
  const navigate = useNavigate();
  const forget = useForgetAll();
  const accept = useMutation({
    mutationFn: () => body(api.POST("/auth/invitations/accept", { body: { token: key } })),
    onSuccess: async (account) => {
      chooseAccount(account.slug);
      forget();
      await navigate({ to: "/" });
    },
  });
  return (
    <Frame
      title="Join an account"
      about="You were invited to an account on this Motet."
      foot={<Away next={`/invitations/${key}`} />}
    >
      <Stack>
        {accept.error && <Failure error={accept.error} />}
        <Button loading={accept.isPending} onClick={() => accept.mutate()}>
          Accept the invitation
        </Button>
      </Stack>
    </Frame>
  );
}
