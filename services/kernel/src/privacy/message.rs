//! Whole messages as one sealed field.

use prost::Message;
use zeroize::Zeroizing;

use super::{Cipher as _, FieldAddress, Keyring};
use crate::error::KernelError;

impl Keyring {
    /// Seals a message as the field at `address`.
    pub fn seal_message(
        &self,
        address: FieldAddress<'_>,
        message: &impl Message,
    ) -> Result<Vec<u8>, KernelError> {
        let plain = Zeroizing::new(message.encode_to_vec());
        self.seal(&plain, &address.to_aad())
            .map_err(|error| KernelError::Stored(error.to_string()))
    }

    /// The message that [`seal_message`](Self::seal_message) sealed at the same address.
    pub fn open_message<T: Message + Default>(
        &self,
        address: FieldAddress<'_>,
        sealed: &[u8],
    ) -> Result<T, KernelError> {
        let plain = self
            .open(sealed, &address.to_aad())
            .map_err(|error| KernelError::Stored(error.to_string()))?;
        T::decode(plain.as_bytes()).map_err(|error| KernelError::Stored(error.to_string()))
    }
}
