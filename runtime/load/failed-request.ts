/** A request that failed without anybody having thrown: a queue was full, a task ended badly. */
export class FailedRequest {
  /** Under which code it is counted. */
  readonly code: string;
  /** One line for people. */
  readonly message: string;

  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }
}
