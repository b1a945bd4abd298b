import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { afterId, pagesQuery } from "../api/pages";
import type { Role } from "../api/types";

export const ROLES: Record<Role, string> = {
  owner: "Everything, the account's end included",
  admin: "Everything but owners and the account's end",
  developer: "Models, adapters, keys, usage",
  billing: "Credit, ledger, usage",
  viewer: "Looks, and changes nothing",
};

export const membersQuery = queryOptions({
  queryKey: ["team", "members"],
  queryFn: () => body(api.GET("/v1/members")),
});
export const invitationsQuery = queryOptions({
  queryKey: ["team", "invitations"],
  queryFn: () => body(api.GET("/v1/invitations")),
});
export const servicesQuery = queryOptions({
  queryKey: ["team", "services"],
  queryFn: () => body(api.GET("/v1/service-accounts")),
});
export const auditQuery = pagesQuery(["team", "audit"], (after) =>
  body(api.GET("/v1/audit-log", { params: { query: { after: afterId(after), limit: 50 } } })),
);

/** A change to the team, after which all of it is asked for anew. */
export function useTeamChange<Input, Output>(
  change: (input: Input) => Promise<Output>,
  done?: () => void,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      done?.();
      await queries.invalidateQueries({ queryKey: ["team"] });
    },
  });
}

export const invite = (input: { email: string; role: Role }) =>
  body(api.POST("/v1/invitations", { body: input }));
export const revokeInvitation = (invitation_id: number) =>
  body(api.DELETE("/v1/invitations/{invitation_id}", { params: { path: { invitation_id } } }));
export const changeRole = ({ id, role }: { id: number; role: Role }) =>
  body(
    api.PATCH("/v1/members/{member_id}", { params: { path: { member_id: id } }, body: { role } }),
  );
export const removeMember = (member_id: number) =>
  body(api.DELETE("/v1/members/{member_id}", { params: { path: { member_id } } }));
export const createService = (input: { name: string; role: Exclude<Role, "owner"> }) =>
  body(api.POST("/v1/service-accounts", { body: input }));
export const deleteService = (service_id: number) =>
  body(api.DELETE("/v1/service-accounts/{service_id}", { params: { path: { service_id } } }));
