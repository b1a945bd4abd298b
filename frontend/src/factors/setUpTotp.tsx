import { Button, Center, Group, Modal, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Copyable } from "../ui/copyable";
import { Failure } from "../ui/failure";
import { ItIsMe } from "./itIsMe";
import { Qr } from "./qr";
import { offerTotp, turnOnTotp } from "./queries";
import { useFactorChange } from "./useFactorChange";

interface SetUpTotpProps {
  onClose: () => void;
  onDone: () => void;
}

/** From a fresh secret to an authenticator app that shows the right codes. */
export function SetUpTotp({ onClose, onDone }: SetUpTotpProps) {
  // Each question makes a new secret, so it is asked once for each time that this opens.
  const offer = useQuery({
    queryKey: ["totp-offer"],
    queryFn: offerTotp,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const [code, setCode] = useState("");
  const turnOn = useFactorChange(turnOnTotp, onDone);
  return (
    <Modal
      opened
      onClose={onClose}
      title="Set up an authenticator app"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          turnOn.mutate(code.trim());
        }}
      >
        <Stack>
          {(offer.error ?? turnOn.error) && <Failure error={offer.error ?? turnOn.error} />}
          <Text size="sm">
            Scan this with the app, or type the secret into it. Then type the code that it shows.
          </Text>
          <Center>
            {offer.data ? (
              <Qr text={offer.data.totp_url} label="The secret as a QR code" />
            ) : (
              <Skeleton height={208} width={208} />
            )}
          </Center>
          {offer.data && <Copyable value={offer.data.secret} label="Copy the secret" />}
          <TextInput
            label="Code from the app"
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            withAsterisk={false}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button type="submit" loading={turnOn.isPending} disabled={!offer.data}>
              Turn it on
            </Button>
          </Group>
        </Stack>
      </form>
      <ItIsMe change={turnOn} />
    </Modal>
  );
}
