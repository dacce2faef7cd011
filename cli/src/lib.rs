//! The desk shell: commands, terminal phone, ports.
