import Crypto
import Foundation

/// A P-256 key in memory.
final class SigningKey {
    private let key: OpaquePointer

    init() {
        key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)
        precondition(EC_KEY_generate_key(key) == 1)
    }

    deinit { EC_KEY_free(key) }

    /// The public half: SEC 1, uncompressed.
    var sec1: Data {
        var out: UnsafeMutablePointer<UInt8>?
        let length = i2o_ECPublicKey(key, &out)
        defer { free(out) }
        return Data(bytes: out!, count: Int(length))
    }

    /// ECDSA with SHA-256, as DER.
    func sign(_ input: Data) -> Data {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256([UInt8](input), input.count, &digest)
        var signature = [UInt8](repeating: 0, count: Int(ECDSA_size(key)))
        var length: UInt32 = 0
        precondition(ECDSA_sign(0, digest, 32, &signature, &length, key) == 1)
        return Data(signature.prefix(Int(length)))
    }
}

/// An AES key in memory, used with GCM: nonce, sealed bytes, tag.
struct SealingKey {
    private static let nonce = 12
    private static let tag = 16
    private let key = random(32)

    func seal(_ plain: Data) -> Data {
        let nonce = random(Self.nonce)
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        precondition(EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1)
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var length: Int32 = 0
        precondition(EVP_EncryptUpdate(context, &sealed, &length, [UInt8](plain), Int32(plain.count)) == 1)
        var tag = [UInt8](repeating: 0, count: Self.tag)
        precondition(EVP_EncryptFinal_ex(context, &tag, &length) == 1)
        precondition(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tag), &tag) == 1)
        return Data(nonce + sealed + tag)
    }

    /// Nothing where it was changed, cut, or sealed by another key.
    func open(_ sealed: Data) -> Data? {
        let bytes = [UInt8](sealed)
        guard bytes.count >= Self.nonce + Self.tag else { return nil }
        let body = [UInt8](bytes[Self.nonce..<(bytes.count - Self.tag)])
        var tag = [UInt8](bytes.suffix(Self.tag))
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        precondition(EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, bytes) == 1)
        var plain = [UInt8](repeating: 0, count: max(body.count, 1))
        var length: Int32 = 0
        precondition(EVP_DecryptUpdate(context, &plain, &length, body, Int32(body.count)) == 1)
        precondition(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tag), &tag) == 1)
        var end = [UInt8](repeating: 0, count: Self.tag)
        guard EVP_DecryptFinal_ex(context, &end, &length) == 1 else { return nil }
        return Data(plain.prefix(body.count))
    }
}

private func random(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max) }
}
