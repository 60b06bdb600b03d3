export interface CloudinaryParseOptions {
  /** Where Parse Server reaches the service; default: `CLOUDINARY_PARSE_PUBLIC_URL`, else `http://127.0.0.1:8080`. */
  url?: string;
  /** Parse Server's `webhookKey`; default: `PARSE_SERVER_WEBHOOK_KEY`. */
  webhookKey?: string;
  /** How many milliseconds the service may take; default: 10,000. */
  timeout?: number;
}

/** What Cloud Code's triggers are given. */
export interface TriggerRequest {
  object: any;
  original?: any;
  user?: any;
  master?: boolean;
  context?: any;
  [key: string]: any;
}

export interface Pictures {
  /**
   * Verifies the guarded fields and strips their signatures. Nothing else of the object is touched.
   * @throws {PictureError} the save is refused, or could not be judged
   */
  beforeSave(request: TriggerRequest): Promise<void>;
  /** For `on_replace = "destroy"`. Never fails. */
  afterSave(request: TriggerRequest): Promise<void>;
  /** For `on_delete = "destroy"`. Never fails. */
  afterDelete(request: TriggerRequest): Promise<void>;
}

/** Why a save is not let through: `refused` with the service's text, or `unavailable`. The client sees the code 141. */
export class PictureError extends Error {
  reason: "refused" | "unavailable";
  /** With `unavailable`: what went wrong, with the address. Not for clients. */
  cause?: unknown;
}

/** @throws {TypeError} without a webhook key, or with options that cannot be */
export function cloudinaryParse(options?: CloudinaryParseOptions): Pictures;
