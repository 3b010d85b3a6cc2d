/** Options of an actor's mailbox. */
export interface MailboxOptions {
  /** How many user messages may wait; default 1,024. */
  readonly capacity?: number;
  /** What happens to a message that finds no room; default `reject`. */
  readonly onFull?: "reject" | "drop-oldest" | "drop-newest";
}
