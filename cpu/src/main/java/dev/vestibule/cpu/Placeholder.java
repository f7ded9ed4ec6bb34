package dev.vestibule.cpu; final class Placeholder { private Placeholder() {} }
