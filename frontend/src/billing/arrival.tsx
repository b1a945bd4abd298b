import { Alert, Loader, Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Amount } from "../ui/amount";
import { Failure } from "../ui/failure";
import { paymentQuery } from "./queries";

/** What became of the payment from which somebody comes back. */
export function Arrival({ id }: { id: string }) {
  const payment = useQuery(paymentQuery(id));
  const queries = useQueryClient();
  const state = payment.data?.state;
  useEffect(() => {
    if (state === "paid")
      for (const name of ["balance", "ledger", "payments", "cards", "invoices"])
        void queries.invalidateQueries({ queryKey: [name] });
  }, [state, queries]);
  if (payment.error) return <Failure error={payment.error} retry={() => void payment.refetch()} />;
  if (payment.data === undefined || state === "new" || state === "open")
    return (
      <Alert color="gray" variant="light" icon={<Loader size={16} aria-hidden />} role="status">
        <Text size="sm">Waiting for word of the payment.</Text>
      </Alert>
    );
  if (state === "paid")
    return (
      <Alert color="teal" variant="light" icon={<IconCheck size={18} aria-hidden />} role="status">
        <Text size="sm">
          Paid: <Amount of={payment.data.amount} exact /> of credit is there.
        </Text>
      </Alert>
    );
  return (
    <Alert color="red" variant="light" icon={<IconX size={18} aria-hidden />} role="alert">
      <Text size="sm">The payment did not go through. {payment.data.error}</Text>
    </Alert>
  );
}
