/** What a user is to the cluster. */
export type Role = "node" | "client" | "operator";
