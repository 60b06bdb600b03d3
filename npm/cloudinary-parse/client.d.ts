/** What the client needs of the Parse SDK: pass `Parse` itself. */
export interface ParseSdk {
  Cloud: { run(name: string, params?: any): Promise<any> };
}

/** A picture as React Native's pickers describe it. */
export interface ReactNativeFile {
  uri: string;
  type?: string;
  name?: string;
}

export interface UploadOptions {
  /** The function that signs uploads; default: `sign_cloudinary_upload_request`. */
  function?: string;
  /** The function's parameters: what its manifest accepts. */
  params?: Record<string, unknown>;
  /** Called with growing numbers up to 1. In Node.js only parts count. */
  onProgress?: (fraction: number) => void;
  /** Ends the upload; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal;
  /** The account's cloud name; needed unless the function's manifest says `response = "request"`. */
  cloudName?: string;
}

/** Cloudinary's answer to the upload. */
export interface UploadResponse {
  public_id: string;
  version: number;
  signature: string;
  resource_type: "image" | "video" | "raw";
  type: string;
  format?: string;
  [key: string]: any;
}

export interface Uploaded {
  /** What will be stored: `image/upload/v1700000000/cat.jpg`. */
  identifier: string;
  /** What to save in a guarded field: the identifier, `#`, Cloudinary's signature. */
  signed: string;
  response: UploadResponse;
}

/**
 * `refused`: by the service, Parse Server or Cloudinary, whose text is the message. `unavailable`: the service is away, or Cloudinary
 * says that it is (5xx) or that it is asked too often. `connection`: no answer from Parse Server or Cloudinary. `unusable`: an answer
 * that cannot be saved.
 */
export type UploadErrorReason = "refused" | "unavailable" | "connection" | "unusable";

/** An upload that did not come about. */
export class UploadError extends Error {
  reason: UploadErrorReason;
  /** Whether another call may succeed by itself. */
  canRetry: boolean;
  /** Parse Server's code, if Parse Server answered. */
  code?: number;
  /** The HTTP status, if Cloudinary or the service answered with another than 200. */
  status?: number;
  cause?: unknown;
}

/**
 * Has an upload signed, uploads the file (in parts, if it has more than 20 MB), and answers what to save.
 * @throws {UploadError}
 */
export function uploadPicture(
  Parse: ParseSdk,
  file: Blob | ArrayBuffer | ArrayBufferView | ReactNativeFile,
  options?: UploadOptions,
): Promise<Uploaded>;

/**
 * For the Upload Widget's option `uploadSignature`.
 * @param name a function whose manifest says `action = "sign_params"`
 */
export function signForWidget(
  Parse: ParseSdk,
  name: string,
): (callback: (signature: string) => void, params: Record<string, unknown>) => Promise<void>;
