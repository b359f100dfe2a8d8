//! File systems: which of them a log may lie on, and whether a path still leads to the same file.
//!
//! Floor 4; asks the operating system about files, and changes none.

use std::fs::Metadata;
use std::path::Path;

/// Network file systems by the number with which Linux names them (`statfs`, `f_type`): there, the locks that keep
/// writers apart do not hold, or hold for one host only, and memory shared through a file is not shared.
#[cfg(target_os = "linux")]
const NETWORK: &[(u64, &str)] = &[
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0000_564c, "NCP"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x1983_0326, "BeeGFS"),
    (0x4750_4653, "GPFS"),
    (0x0123_4567, "OrangeFS"),
    (0xaad7_aaea, "PanFS"),
];

/// What `statfs` calls everything that a program outside the kernel serves: sshfs, cloud drives, shared folders.
#[cfg(target_os = "linux")]
const FUSE: u64 = 0x6573_5546;

/// The network file system on which a path lies, if it is one.
#[cfg(target_os = "linux")]
pub(super) fn network(path: &Path) -> Option<String> {
    let found = rustix::fs::statfs(path).ok()?;
    // The type of `f_type` differs between processors; the numbers themselves have 32 bits.
    #[allow(clippy::cast_sign_loss, clippy::cast_lossless, clippy::unnecessary_cast)]
    let kind = (found.f_type as u64) & 0xffff_ffff;
    if kind == FUSE {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        return fuse(&mounts, &std::fs::canonicalize(path).ok()?);
    }
    NETWORK.iter().find(|(number, _)| *number == kind).map(|(_, name)| (*name).to_owned())
}

/// The network file system on which a path lies, if it is one.
#[cfg(target_os = "macos")]
pub(super) fn network(path: &Path) -> Option<String> {
    let found = rustix::fs::statfs(path).ok()?;
    let name: String =
        found.f_fstypename.iter().take_while(|c| **c != 0).map(|c| char::from(c.to_ne_bytes()[0])).collect();
    let network = ["nfs", "smbfs", "afpfs", "webdav", "ftp", "macfuse", "osxfuse"];
    network.iter().any(|known| name == *known).then_some(name)
}

/// Nothing is known of the file systems of other operating systems.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn network(_: &Path) -> Option<String> {
    None
}

/// What serves the mount that a path lies on, unless that keeps its files on a disk of this host.
#[cfg(target_os = "linux")]
fn fuse(mountinfo: &str, path: &Path) -> Option<String> {
    const LOCAL: [&str; 2] = ["fuseblk", "fuse.fuse-overlayfs"];
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?.replace("\\040", " ");
        Some((point, system.split(' ').next()?))
    });
    // The innermost mount counts; of two on one point, the later.
    let (_, system) =
        mounts.filter(|(point, _)| path.starts_with(point)).max_by_key(|(point, _)| point.len()).unzip();
    let system = system.unwrap_or("fuse");
    (!LOCAL.contains(&system)).then(|| system.to_owned())
}

/// Which file a path leads to: a removed one is not there, a replaced one is another.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Other systems do not let a file be replaced while it is open.
#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn sshfs_is_a_network_and_a_local_disk_served_by_fuse_is_not() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/vda rw\n\
                      40 22 0:35 / /mnt/far\\040away rw shared:1 - fuse.sshfs host:/ rw\n\
                      41 22 8:17 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw\n";
        let fuse = |path: &str| super::fuse(mounts, Path::new(path));
        assert_eq!(fuse("/mnt/far away/log/diversions.db").as_deref(), Some("fuse.sshfs"));
        assert_eq!(fuse("/mnt/ntfs/diversions.db"), None);
    }

    #[test]
    fn the_file_system_of_the_kernel_is_no_network() {
        assert_eq!(network(Path::new("/proc")), None);
    }
}
