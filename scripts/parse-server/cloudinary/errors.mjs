/** A refusal in Cloudinary's shape: `{"error":{"message":…}}`. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status
   * @param {string} message what Cloudinary's API says
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}
