//! Signing keys: one secret, one derived key per purpose, and the keys before it while they rotate.
//!
//! The secret is `HALFTONE_KEYS`: base64url texts of at least 32 bytes, separated by commas, newest first. The first
//! signs; all of them verify. Signatures are HMAC-SHA-256 cut to 16 bytes: 2^-128 per guess, and short cookies.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::base64url;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 16;

/// Characters of a signature as text.
pub const SIGNATURE_CHARS: usize = 22;

/// What a key is for; a signature for one purpose means nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The visitor cookie.
    Visitor,
    /// Preview links and their cookie.
    Preview,
    /// The daily hash of visitors without a cookie.
    Cookieless,
    /// Page tokens.
    Page,
    /// The hash that is kept of a client's network.
    Network,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Visitor => b"halftone visitor cookie 1",
            Self::Preview => b"halftone preview 1",
            Self::Cookieless => b"halftone cookieless 1",
            Self::Page => b"halftone page 1",
            Self::Network => b"halftone network 1",
        }
    }
}

/// All keys of a deployment.
pub struct Keys {
    generations: Vec<Generation>,
}

struct Generation {
    visitor: Hmac<Sha256>,
    preview: Hmac<Sha256>,
    cookieless: Hmac<Sha256>,
    page: Hmac<Sha256>,
    network: Hmac<Sha256>,
}

impl Generation {
    fn derive(secret: &[u8]) -> Option<Self> {
        let derived = |purpose: Purpose| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(purpose.label());
            Hmac::new_from_slice(&mac.finalize().into_bytes()).ok()
        };
        Some(Self {
            visitor: derived(Purpose::Visitor)?,
            preview: derived(Purpose::Preview)?,
            cookieless: derived(Purpose::Cookieless)?,
            page: derived(Purpose::Page)?,
            network: derived(Purpose::Network)?,
        })
    }

    fn key(&self, purpose: Purpose) -> &Hmac<Sha256> {
        match purpose {
            Purpose::Visitor => &self.visitor,
            Purpose::Preview => &self.preview,
            Purpose::Cookieless => &self.cookieless,
            Purpose::Page => &self.page,
            Purpose::Network => &self.network,
        }
    }

    fn sign(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        let mut mac = self.key(purpose).clone();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                mac.update(&[0]);
            }
            mac.update(part);
        }
        let full = mac.finalize().into_bytes();
        let mut signature = [0; SIGNATURE_BYTES];
        for (to, from) in signature.iter_mut().zip(full) {
            *to = from;
        }
        signature
    }
}

/// Whether a signature holds, and whether it should be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Signed with the newest key.
    Current,
    /// Signed with an older key that still counts.
    Outdated,
}

impl Keys {
    /// Reads the secret. The error says what is wrong with it without repeating it.
    pub fn read(secret: &str) -> Result<Self, String> {
        let mut generations = Vec::new();
        for (at, text) in secret.split(',').map(str::trim).enumerate() {
            let bytes = base64url::decode(text)
                .filter(|bytes| bytes.len() >= 32)
                .ok_or_else(|| format!("HALFTONE_KEYS: key {} is not base64url text of at least 32 bytes", at + 1))?;
            generations.push(Generation::derive(&bytes).ok_or("HALFTONE_KEYS: the key can not be used")?);
        }
        Ok(Self { generations })
    }

    /// Signs NUL-separated parts with the newest key.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        self.generations.first().map_or([0; SIGNATURE_BYTES], |newest| newest.sign(purpose, parts))
    }

    /// Whether `signature` (text of 22 characters) is over these parts, compared in constant time.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, parts: &[&[u8]], signature: &str) -> Option<Verified> {
        for (at, generation) in self.generations.iter().enumerate() {
            if base64url::is_text_of(&generation.sign(purpose, parts), signature) {
                return Some(if at == 0 { Verified::Current } else { Verified::Outdated });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const TWO: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    #[test]
    fn a_signature_is_for_its_purpose_and_its_parts_alone() {
        let keys = Keys::read(ONE).unwrap();
        let signature = base64url::encode(&keys.sign(Purpose::Visitor, &[b"shop", b"text"]));
        assert_eq!(signature.len(), SIGNATURE_CHARS);
        let verify = |purpose, parts: &[&[u8]]| keys.verify(purpose, parts, &signature);
        assert_eq!(verify(Purpose::Visitor, &[b"shop", b"text"]), Some(Verified::Current));
        assert_eq!(verify(Purpose::Preview, &[b"shop", b"text"]), None);
        assert_eq!(verify(Purpose::Visitor, &[b"sho", b"ptext"]), None);
        assert_eq!(keys.verify(Purpose::Visitor, &[b"shop", b"text"], ""), None);
    }

    #[test]
    fn an_older_key_still_verifies_while_keys_rotate() {
        let old = Keys::read(ONE).unwrap();
        let signature = base64url::encode(&old.sign(Purpose::Visitor, &[b"x"]));
        let rotated = Keys::read(&format!("{TWO}, {ONE}")).unwrap();
        assert_eq!(rotated.verify(Purpose::Visitor, &[b"x"], &signature), Some(Verified::Outdated));
        let gone = Keys::read(TWO).unwrap();
        assert_eq!(gone.verify(Purpose::Visitor, &[b"x"], &signature), None);
    }

    #[test]
    fn short_or_garbled_secrets_are_refused_without_being_repeated() {
        for bad in ["", "short", "AAAA", &format!("{ONE},oops!")] {
            let error = Keys::read(bad).err().unwrap();
            assert!(error.starts_with("HALFTONE_KEYS: key "), "{error}");
            assert!(bad.is_empty() || !error.contains(bad));
        }
    }
}
