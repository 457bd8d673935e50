//! BLAKE2b with a digest of 8 bytes and no key (RFC 7693), as `hashlib.blake2b(data, digest_size=8)` gives it.

const IV: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const BLOCK: usize = 128;
const DIGEST: u64 = 8;

/// Returns the digest, read as a little-endian number.
pub fn digest(data: &[u8]) -> u64 {
    let mut state = IV;
    state[0] ^= 0x0101_0000 ^ DIGEST;
    let mut done = 0usize;
    let mut rest = data;
    while rest.len() > BLOCK {
        let (block, after) = rest.split_at(BLOCK);
        done += BLOCK;
        compress(&mut state, block, done as u64, false);
        rest = after;
    }
    let mut last = [0u8; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    compress(&mut state, &last, (done + rest.len()) as u64, true);
    state[0]
}

fn compress(state: &mut [u64; 8], block: &[u8], count: u64, is_last: bool) {
    let mut words = [0u64; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    }
    let mut v = [0u64; 16];
    v[..8].copy_from_slice(state);
    v[8..].copy_from_slice(&IV);
    v[12] ^= count;
    if is_last {
        v[14] = !v[14];
    }
    // Written out, so that each round is made with its own places.
    round(&mut v, &words, &SIGMA[0]);
    round(&mut v, &words, &SIGMA[1]);
    round(&mut v, &words, &SIGMA[2]);
    round(&mut v, &words, &SIGMA[3]);
    round(&mut v, &words, &SIGMA[4]);
    round(&mut v, &words, &SIGMA[5]);
    round(&mut v, &words, &SIGMA[6]);
    round(&mut v, &words, &SIGMA[7]);
    round(&mut v, &words, &SIGMA[8]);
    round(&mut v, &words, &SIGMA[9]);
    round(&mut v, &words, &SIGMA[0]);
    round(&mut v, &words, &SIGMA[1]);
    for at in 0..8 {
        state[at] ^= v[at] ^ v[at + 8];
    }
}

#[inline(always)]
fn round(v: &mut [u64; 16], words: &[u64; 16], s: &[usize; 16]) {
    mix(v, [0, 4, 8, 12], words[s[0]], words[s[1]]);
    mix(v, [1, 5, 9, 13], words[s[2]], words[s[3]]);
    mix(v, [2, 6, 10, 14], words[s[4]], words[s[5]]);
    mix(v, [3, 7, 11, 15], words[s[6]], words[s[7]]);
    mix(v, [0, 5, 10, 15], words[s[8]], words[s[9]]);
    mix(v, [1, 6, 11, 12], words[s[10]], words[s[11]]);
    mix(v, [2, 7, 8, 13], words[s[12]], words[s[13]]);
    mix(v, [3, 4, 9, 14], words[s[14]], words[s[15]]);
}

#[inline(always)]
fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4], x: u64, y: u64) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}

#[cfg(test)]
mod tests {
    const EMPTY: [u8; 8] = [228, 166, 160, 87, 116, 121, 178, 180];
    const BLOCK: [u8; 8] = [144, 28, 227, 116, 232, 225, 36, 2];
    const MORE: [u8; 8] = [24, 222, 20, 185, 216, 238, 165, 163];

    #[test]
    fn digests_are_those_of_hashlib() {
        assert_eq!(super::digest(b"").to_le_bytes(), EMPTY);
        assert_eq!(super::digest(&[b'x'; 128]).to_le_bytes(), BLOCK);
        assert_eq!(super::digest(&[b'x'; 129]).to_le_bytes(), MORE);
    }
}
