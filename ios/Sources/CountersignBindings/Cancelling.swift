/// Runs a long `call` that ends with the task it was started in.
///
/// A cancelled task does not stop a call of Rust by itself: this tells it to stop, and it throws `.Port(fault: .cancelled)`.
public func cancelling<T>(
    isolation: isolated (any Actor)? = #isolation, _ call: (CancelHandle) async throws -> T
) async throws -> T {
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        try await call(handle)
    } onCancel: {
        handle.cancel()
    }
}
