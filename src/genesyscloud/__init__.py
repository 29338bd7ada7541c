"""genesyscloud"""
