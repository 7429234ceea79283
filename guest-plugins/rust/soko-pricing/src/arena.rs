//! Memory for one call.
//!
//! The host gives every call a fresh instance and throws it away after, so memory that a rule frees need not be found
//! again: the arena only moves forward, except that the newest block can grow, shrink and go away in place. For an
//! order of ten lines this is most of what a general allocator costs, and it is smaller. A rule that allocates and
//! frees without end would meet the host's memory limit; leave the feature `arena` out for such a one.

/// Where a block starts and ends, or `None` beyond the address space. `align` is a power of two.
#[cfg(any(test, target_arch = "wasm32"))]
fn place(next: usize, size: usize, align: usize) -> Option<(usize, usize)> {
    let start = next.checked_add(align - 1)? & !(align - 1);
    Some((start, start.checked_add(size)?))
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "an allocator hands out raw memory")]
mod sandbox {
    use std::alloc::{GlobalAlloc, Layout};
    use std::arch::wasm32::{memory_grow, memory_size};
    use std::cell::Cell;
    use std::ptr::{copy_nonoverlapping, null_mut};

    use super::place;

    const PAGE_BYTES: usize = 64 * 1024;
    /// How much the memory grows at least, since growing is a call to the host.
    const GROWTH_PAGES: usize = 4;

    #[global_allocator]
    static ARENA: Arena = Arena { next: Cell::new(0), end: Cell::new(0) };

    unsafe extern "C" {
        /// The linker's name for the first byte after stack and data.
        static __heap_base: u8;
    }

    struct Arena {
        /// The first free byte; zero before the first allocation.
        next: Cell<usize>,
        /// The end of the memory.
        end: Cell<usize>,
    }

    // SAFETY: a component of this contract has one thread.
    unsafe impl Sync for Arena {}

    impl Arena {
        /// Makes `[start, stop)` the newest block, with more memory where needed; whether there was enough.
        fn claim(&self, stop: usize) -> bool {
            if stop > self.end.get() {
                let pages = (stop - self.end.get()).div_ceil(PAGE_BYTES).max(GROWTH_PAGES);
                if memory_grow::<0>(pages) == usize::MAX {
                    return false;
                }
                self.end.set(memory_size::<0>() * PAGE_BYTES);
            }
            self.next.set(stop);
            true
        }
    }

    // SAFETY: blocks are aligned as asked, lie within the memory, and none overlaps one that is in use: `next` moves
    // back only over the newest block, when it is freed or shrunk.
    unsafe impl GlobalAlloc for Arena {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if self.next.get() == 0 {
                self.next.set(&raw const __heap_base as usize);
                self.end.set(memory_size::<0>() * PAGE_BYTES);
            }
            match place(self.next.get(), layout.size(), layout.align()) {
                Some((start, stop)) if self.claim(stop) => start as *mut u8,
                _ => null_mut(),
            }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            if block as usize + layout.size() == self.next.get() {
                self.next.set(block as usize);
            }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            let start = block as usize;
            if start + layout.size() == self.next.get() {
                return match start.checked_add(new_size) {
                    Some(stop) if self.claim(stop) => block,
                    _ => null_mut(),
                };
            }
            if new_size <= layout.size() {
                return block;
            }
            // SAFETY: the caller guarantees that the new size and the old alignment make a layout, and that the old
            // block has as many bytes as its layout says; the new one is longer and elsewhere.
            unsafe {
                let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
                if !moved.is_null() {
                    copy_nonoverlapping(block, moved, layout.size());
                }
                moved
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn aligns_blocks_and_keeps_them_apart() {
        assert_eq!(place(1_001, 10, 1), Some((1_001, 1_011)));
        assert_eq!(place(1_001, 10, 8), Some((1_008, 1_018)));
        assert_eq!(place(1_008, 0, 8), Some((1_008, 1_008)));
    }

    #[test]
    fn refuses_blocks_beyond_the_address_space() {
        assert_eq!(place(usize::MAX - 2, 1, 8), None);
        assert_eq!(place(16, usize::MAX, 8), None);
    }
}
